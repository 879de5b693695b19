// Ids as parameters. A wire may hand on what is none; to PostgreSQL that is an error, where it is only unknown.

const GREATEST = (1n << 63n) - 1n

/** For a parameter of type bigint: null, which equals nothing, where the text is no id. */
export function idParameter(id: string): string | null {
  if (!/^-?[0-9]{1,19}$/.test(id)) return null
  return id.length < 19 || (BigInt(id) <= GREATEST && BigInt(id) >= -GREATEST) ? id : null
}

/** For one of type bigint[]: those that are ids. */
export function idParameters(ids: readonly string[]): string[] {
  return ids.filter(id => idParameter(id) !== null)
}
