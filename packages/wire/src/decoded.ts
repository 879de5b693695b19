/**
 * The answer of every decoder in this package: bad input is a value, never an exception, because whoever is on the
 * other end of a socket chooses it. `error` is one short English phrase without any of the input's content.
 */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

/** A decoder's success. */
export function decoded<T>(value: T): Decoded<T> {
  return { ok: true, value }
}

/** A decoder's refusal. */
export function undecodable(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error }
}
