// The only door to ONNX Runtime: what it must know before it loads is said first.
import '../../core/telemetry.ts'
import ort from 'onnxruntime-node'

// What goes wrong is thrown; the runtime need not print it too.
ort.env.logLevel = 'fatal'

export default ort
