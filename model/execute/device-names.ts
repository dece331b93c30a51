// What graphs can run on, by name.

export const DEVICES = ['torch', 'cuda', 'webgpu', 'cpu', 'tfjs-node-gpu', 'tfjs'] as const
/** Those that `lrat devices` lists. */
export type Listed = (typeof DEVICES)[number]
/** LibTorch: `torch` is a card where there is one, else the processor. */
export type TorchName = 'torch' | 'torch:cpu' | 'torch:cuda' | `torch:cuda:${number}`
export type Device = Listed | TorchName

/** Kind and number of the place. */
export const TORCH_NAME = /^torch(?::(?:(cpu)|(cuda)(?::(\d+))?))?$/
export const isTorch = (name: string): name is TorchName => TORCH_NAME.test(name)

export const isDevice = (name: string): name is Device => isTorch(name) || DEVICES.some((device) => device === name)
export const isDeviceOrAuto = (name: string): name is Device | 'auto' => name === 'auto' || isDevice(name)

/** For messages. */
export const DEVICE_CHOICES = `auto, ${DEVICES.join(', ')}, torch:cpu or torch:cuda:N`
