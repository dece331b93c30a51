// An embedder whose vectors say what was embedded: [length, kind].
import type { Embedder } from '../../serve/embedder.ts'

export const fakeEmbedder: Embedder = {
  name: 'lrat-1',
  dimensions: 2,
  created: 1_700_000_000,
  embedTexts: async (texts, kind) => ({
    vectors: Float32Array.from(texts.flatMap((text) => [text.length, kind === 'query' ? 1 : 0])),
    tokens: texts.reduce((sum, text) => sum + text.split(' ').length, 0),
  }),
  embedIds: async (ids) => ({
    vectors: Float32Array.from(ids.flatMap((list) => [list.length, -1])),
    tokens: ids.reduce((sum, { length }) => sum + length, 0),
  }),
  mistake: (ids) => (ids[0] === 101 ? undefined : 'the first is not 101'),
  close: async () => undefined,
}
