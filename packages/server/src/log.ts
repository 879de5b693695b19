// JSON lines, one per happening, with named fields. Nothing that a client sent is ever a field: ids and codes only.
import type { Logger } from 'pino'
import { pino } from 'pino'

export function openLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } })
}

/** A bug's name and place. Its message may repeat what a client sent, so it is left out where it is not ours. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const place = (error.stack ?? '').split('\n').filter(line => line.trimStart().startsWith('at '))
  return { type: error.name, stack: place.slice(0, 12).map(line => line.trim()) }
}
