import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileOnnx } from '../../../model/execute/onnxruntime.ts'
import { floatsOf, tensor } from '../../../model/execute/executor.ts'
import { input } from '../../../model/graph/sources.ts'
import { EXCLUDED, weightedInfoNce } from '../../../model/training/loss.ts'

it('counts a document that occurs several times in full although it is encoded once', async () => {
  const graph = weightedInfoNce(
    {
      queries: input('queries', ['n', 3]),
      documents: input('documents', ['m', 3]),
      logCounts: input('log_counts', ['n', 'm']),
      targets: input('targets', ['n', 'm']),
      weights: input('weights', ['n']),
    },
    0.1,
  )
  const executable = await compileOnnx({ loss: graph })
  const unit = fc
    .tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .map((v) => v.map((x) => x / Math.hypot(...v)))
  const query = fc.record({
    vector: unit,
    weight: fc.double({ min: 0, max: 3, noNaN: true }),
    counts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
    positive: fc.nat(3),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(query, { minLength: 1, maxLength: 5 }),
      fc.array(unit, { minLength: 4, maxLength: 4 }),
      async (queries, documents) => {
        const count = (at: number, j: number): number => (queries[at].positive === j ? 1 : queries[at].counts[j])
        const found = await executable.run({
          queries: tensor(Float32Array.from(queries.flatMap(({ vector }) => vector)), queries.length, 3),
          documents: tensor(Float32Array.from(documents.flat()), 4, 3),
          log_counts: tensor(
            Float32Array.from(
              queries.flatMap((_, i) =>
                [0, 1, 2, 3].map((j) => (count(i, j) === 0 ? EXCLUDED : Math.log(count(i, j)))),
              ),
            ),
            queries.length,
            4,
          ),
          targets: tensor(
            Float32Array.from(queries.flatMap(({ positive }) => [0, 1, 2, 3].map((j) => Number(j === positive)))),
            queries.length,
            4,
          ),
          weights: tensor(
            Float32Array.from(queries, ({ weight }) => weight),
            queries.length,
          ),
        })
        // Every occurrence a term of its own.
        let expected = 0
        for (const [i, { vector, weight, positive }] of queries.entries()) {
          const score = (j: number): number => vector.reduce((sum, x, k) => sum + x * documents[j][k], 0) / 0.1
          const all = [0, 1, 2, 3].flatMap((j) =>
            Array.from({ length: count(i, j) }, () => Math.exp(score(j) - score(positive))),
          )
          expected += weight * Math.log(all.reduce((a, b) => a + b, 0))
        }
        expect(Math.abs(floatsOf(found, 'loss')[0] - expected)).toBeLessThan(1e-4 * (1 + expected))
      },
    ),
    { numRuns: 60 },
  )
  await executable.close()
})
