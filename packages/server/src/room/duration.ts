// How long a ban or a mute lasts, as Dino's clients write it (dino.md section 4, ban): `5m`, `+2h`, `0s`.

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const FORM = /^\+?(\d+)([smhd])$/
/** Dates of the wires have four digits for the year. */
const YEAR_10000 = Date.UTC(10_000, 0, 1)
/** Characters that are looked at, and that an error text repeats; the longest useful one is `253402300799s`. */
const LENGTH = 32

/** Milliseconds; undefined when malformed or when it would end in the year 10000. `now` in ms since 1970. */
export function durationMs(text: string, now: number): number | undefined {
  const form = text.length <= LENGTH ? FORM.exec(text) : null
  if (form === null) return undefined
  const ms = Number(form[1]) * UNIT_MS[form[2] as keyof typeof UNIT_MS]
  return now + ms < YEAR_10000 ? ms : undefined
}

/** What is wrong with a text of which `durationMs` made nothing, in Dino's words (606). */
export function durationFault(text: string): string {
  if (text === '') return 'empty ban duration'
  const shown = text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text
  if (FORM.test(shown) || !/[smhd]$/.test(text)) return `invalid ban duration: ${shown}`
  if (text.startsWith('-')) return `can not set negative ban duration: ${shown}`
  return `invalid ban duration, not a number: ${shown.replace(/^\+/, '')}`
}
