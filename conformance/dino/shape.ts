// Compares an answer with a recorded shape: keys and types. More keys than recorded are fine only where the union of
// the seed's and the real server's shapes has them.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** What the union adds: the seed's `message` beside `error`, its `data` of a 703, the target's type where only it has one. */
const ADDED = new Set(['$.message', '$.data', '$.data.target.objectType'])

/** What is wrong, each with its path; nothing where the value has the shape. */
export function mismatches(shape: unknown, value: unknown, path = '$'): string[] {
  if (typeof shape === 'string') return fits(shape, value) ? [] : [`${path}: ${JSON.stringify(value)} is no ${shape}`]
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path}: not a list`]
    if (shape.length === 0) return []
    if (shape.length > 1) return shape.flatMap((each, at) => mismatches(each, value[at], `${path}[${at}]`))
    if (value.length === 0) return [`${path}: empty`]
    // Recorded is the shape of the first alone; what follows may be something else (`acl`, `history`, …).
    return mismatches(shape[0], value[0], `${path}[0]`)
  }
  if (typeof shape !== 'object' || shape === null) return []
  if (typeof value !== 'object' || value === null) return [`${path}: not an object`]
  const found: string[] = []
  for (const [key, each] of Object.entries(shape)) {
    if (!(key in value)) found.push(`${path}.${key}: missing`)
    else found.push(...mismatches(each, (value as Record<string, unknown>)[key], `${path}.${key}`))
  }
  for (const key of Object.keys(value)) {
    if (!(key in shape) && !ADDED.has(`${path}.${key}`)) found.push(`${path}.${key}: not recorded`)
  }
  return found
}

function fits(shape: string, value: unknown): boolean {
  switch (shape) {
    case 'int':
      return Number.isInteger(value)
    case 'null':
      return value === null
    case 'string':
    case '<sid>':
    case '<id>':
      return typeof value === 'string'
    case '<uuid>':
      return typeof value === 'string' && UUID.test(value)
    case '<ts>':
      return typeof value === 'string' && TIME.test(value)
    default:
      return value === shape
  }
}

/** Fields of an example that say nothing about us: the other server's name, its users' details, its session's state. */
const OWN = new Set(['provider', 'image', 'attachments'])

/** Compares with a recorded example, apart from what is made anew each time. */
export function disagreements(example: unknown, value: unknown, path = '$'): string[] {
  if (typeof example === 'string') {
    if (example === '<uuid>' || example === '<ts>') return mismatches(example, value, path)
    return example === value ? [] : [`${path}: ${JSON.stringify(value)} instead of ${JSON.stringify(example)}`]
  }
  if (typeof example !== 'object' || example === null) return []
  return Object.entries(example).flatMap(([key, each]) =>
    OWN.has(key) ? [] : disagreements(each, (value as Record<string, unknown> | null)?.[key], `${path}.${key}`),
  )
}
