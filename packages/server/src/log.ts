// JSON lines, one per happening, with named fields. Nothing that a client sent is ever a field (L8): what is not on
// the list below is written as its type alone, whoever forgot that, and of an error its name and place.
import type { DestinationStream, Logger } from 'pino'
import { pino } from 'pino'

/** Ids, codes and numbers. `token` is a token's public id; `event` and `where` are names out of our own code,
 * `destination` is one out of the settings. */
const FIELDS: ReadonlySet<string> = new Set([
  'bug',
  'bytes',
  'channel',
  'code',
  'count',
  'destination',
  'err',
  'event',
  'host',
  'ms',
  'port',
  'reason',
  'rejected',
  'room',
  'sequence',
  'session',
  'token',
  'user',
  'where',
  'wire',
])
/** Characters of one field; ids, codes and our own sentences are shorter. */
const LONGEST = 200
/** Frames of an error's place. */
const FRAMES = 12
const FRAME = /^\s+at .+:\d+:\d+\)?$/

export function openLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: admitted },
    hooks: { logMethod: withoutMessage },
  }
  return destination ? pino(options, destination) : pino(options)
}

function admitted(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shown(name, value)]))
}

function shown(name: string, value: unknown): unknown {
  if (value instanceof Error) return describeError(value)
  if (!FIELDS.has(name) || (typeof value === 'object' && value !== null)) return `[${typeof value}]`
  return typeof value === 'string' && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value
}

/** pino takes the message of an error that is logged alone for the line's own. */
function withoutMessage(this: Logger, args: Parameters<Logger['info']>, method: Logger['info']): void {
  const [first] = args as readonly unknown[]
  if (first instanceof Error) method.apply(this, [{ err: first }, 'bug'] as unknown as Parameters<Logger['info']>)
  else method.apply(this, args)
}

/** A bug's name, code and place. Its message may repeat what a client sent, so it is left out. */
function describeError(error: Error): object {
  const { code } = error as Error & { code?: unknown }
  const stack = error.stack ?? ''
  // Behind the message, which may have lines that look like frames.
  const place = stack.slice(Math.max(0, stack.indexOf(error.message)) + error.message.length).split('\n')
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    stack: place
      .filter(line => FRAME.test(line))
      .slice(0, FRAMES)
      .map(line => line.trim()),
  }
}
