/**
 * How the recursive decoders of this package give up: they throw `Malformed`, and their one entry turns it into a value
 * with `attempt`. It never leaves the package, so it is not exported by `index.ts`.
 */
import { type Decoded, decoded, undecodable } from './decoded.ts'

/** Bad input. The message is the `error` of the decoder's answer. */
export class Malformed extends Error {}

/** Turns `Malformed` into a value. Any other exception is a bug and stays one. */
export function attempt<T>(decode: () => T): Decoded<T> {
  try {
    return decoded(decode())
  } catch (error) {
    if (error instanceof Malformed) return undecodable(error.message)
    throw error
  }
}
