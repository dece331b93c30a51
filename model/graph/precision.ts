// What an encoder may compute in.

/** Products in `float16` or `bfloat16`; parameters, sums, norms and softmax stay in float32 either way. */
export const PRECISIONS = ['float32', 'float16', 'bfloat16'] as const
export type Precision = (typeof PRECISIONS)[number]
