// Runs before npm runs the install steps of what this package needs: says where it cannot work, and keeps ONNX Runtime's
// step from downloading its CUDA provider, which comes from outside the registry and which few need.
import { existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const platform = `${process.platform}/${process.arch}`
const WORKS = {
  'linux/x64': 'Linux on x86-64 with glibc',
  'linux/arm64': 'Linux on ARM64 with glibc',
  'darwin/arm64': 'macOS on Apple silicon',
  'win32/x64': 'Windows on x86-64',
}
const musl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined
if (!(platform in WORKS) || musl) {
  console.error(
    `lrat: expected one of ${Object.values(WORKS).join(', ')}; found ${platform}${musl ? ' with musl' : ''}. ` +
      'DuckDB, LanceDB or ONNX Runtime have no binaries for it: use another machine, or a Debian container.',
  )
  process.exit(1)
}

// The step downloads unless the provider's files are there. Empty ones are no provider, and `lrat devices` says so.
if (process.env.ONNXRUNTIME_NODE_INSTALL === undefined) {
  try {
    const require = createRequire(import.meta.url)
    const script = dirname(require.resolve('onnxruntime-node/script/install-metadata.js'))
    const { requirements, manifests } = require('onnxruntime-node/script/install-metadata.js')
    for (const name of requirements[platform] ?? [])
      for (const file of Object.keys(manifests[`${platform}:${name}`] ?? {})) {
        const path = join(script, '..', 'bin', 'napi-v6', platform, file)
        if (!existsSync(path)) writeFileSync(path, '')
      }
  } catch {
    // In a checkout nothing is installed yet; there the lock file keeps npm from running the step.
  }
}
