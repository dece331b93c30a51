// Downloads ONNX Runtime's CUDA provider, the only download beyond npm packages: `npm run cuda`, in any shell.
import { createRequire } from 'node:module'

process.env.ONNXRUNTIME_NODE_INSTALL = 'cuda12'
createRequire(import.meta.url)('onnxruntime-node/script/install')
