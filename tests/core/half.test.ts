import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeHalf, encodeHalf, LARGEST_HALF, toHalf } from '../../core/half.ts'

/** IEEE 754 binary16, as its definition reads. */
const numberOf = (bits: number): number => {
  const [sign, exponent, fraction] = [bits >> 15 === 1 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25))
}
const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits)

it('reads every half, and writes it again', () => {
  const numbers = decodeHalf(all)
  expect(all.findIndex((bits, i) => !Object.is(numbers[i], numberOf(bits)))).toBe(-1)
  const again = encodeHalf(numbers)
  expect(all.findIndex((bits, i) => !Number.isNaN(numbers[i]) && again[i] !== bits)).toBe(-1)
})

it('takes the nearest half, of two the even one', () => {
  const finite = all.filter((bits) => bits < 0x7c00)
  for (const bits of finite) {
    const [below, above] = [numberOf(bits), bits === 0x7bff ? 65_536 : numberOf(bits + 1)]
    const middle = Math.fround((below + above) / 2)
    const even = bits % 2 === 0 ? bits : bits + 1
    const near = Float32Array.of(middle, -middle, middle * (1 - 2 ** -20), middle * (1 + 2 ** -20))
    expect([...encodeHalf(near)]).toEqual([even, even | 0x8000, bits, bits + 1])
  }
})

it('rounds a number as it encodes it', () => {
  fc.assert(
    fc.property(fc.float({ noDefaultInfinity: false }), (x) => {
      expect(decodeHalf(encodeHalf(Float32Array.of(x)))[0]).toEqual(toHalf(x))
    }),
  )
  expect([LARGEST_HALF, 65_519, 65_520, -1e9].map(toHalf)).toEqual([65_504, 65_504, Infinity, -Infinity])
  expect(toHalf(NaN)).toBeNaN()
})
