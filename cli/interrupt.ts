// Ctrl-C: the first one asks the work to stop at the next safe point. The second one is left to the system, which ends
// the process even where native code is at work and no handler could run; what is half written is made again.
export const onInterrupt = (): { signal: AbortSignal; stop: () => void } => {
  const controller = new AbortController()
  const stop = (): void => {
    process.off('SIGINT', handle)
    process.off('SIGTERM', handle)
  }
  const handle = (): void => {
    stop()
    process.stderr.write('\nstopping at the next safe point; once more to stop at once\n')
    controller.abort()
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  return { signal: controller.signal, stop }
}
