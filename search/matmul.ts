// One matrix product: every query's dot product with every document of a block.
import { compileOnnx } from '../model/execute/onnxruntime.ts'
import { floatsOf, tensor } from '../model/execute/executor.ts'
import { matmul } from '../model/graph/linear.ts'
import { input } from '../model/graph/sources.ts'

export interface DotProducts {
  /** queries [q, dims] · documents [d, dims]ᵀ → [q, d], in single precision. */
  run(queries: Float32Array, documents: Float32Array, dims: number): Promise<Float32Array>
  close(): Promise<void>
}

export const openDotProducts = async (threads?: number): Promise<DotProducts> => {
  const scores = matmul(input('queries', ['q', 'dims']), input('documents', ['d', 'dims']), false, true)
  const executable = await compileOnnx({ scores }, threads === undefined ? {} : { threads })
  return {
    run: async (queries, documents, dims) => {
      const feeds = {
        queries: tensor(queries, queries.length / dims, dims),
        documents: tensor(documents, documents.length / dims, dims),
      }
      return floatsOf(await executable.run(feeds), 'scores')
    },
    close: () => executable.close(),
  }
}
