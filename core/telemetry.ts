// Loaded before any library that reports home: from here on nothing is sent anywhere that nobody asked for.

// ONNX Runtime reads it once, when it loads: it would read the machine's id, keep one of its own below the home folder,
// write logs into the temporary folder and look up a host. A thread's `process.env` is a copy that native code never
// sees, so the main thread loads this module before it starts one.
process.env['ORT_DISABLE_TELEMETRY'] = '1'
