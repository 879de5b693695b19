// How long a text is to people, nearly: code points, as the real server counts them.

export function isLonger(text: string, most: number): boolean {
  // A code point has one or two units, so nearly every text is judged without a look at it.
  if (text.length <= most) return false
  let units = 0
  let points = 0
  while (units < text.length) {
    if (++points > most) return true
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1
  }
  return false
}
