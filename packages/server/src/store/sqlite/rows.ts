// Rows as arrays, which costs two thirds of what objects do, and the row of the log as an event.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { EventId, RoomId, UserId } from '@conclave/wire'
import type { Done, EventBody, RoomEvent } from '../../room/events.ts'
import { erase } from '../projection.ts'

export type Columns = readonly SQLOutputValue[]

/** What `eventOf` takes, of the table `events e`. */
export const EVENT = eventAs('e.class')

/** The same with the class that an expression of the statement's own gives. */
export function eventAs(kind: string, done = 'e.done'): string {
  return `e.sequence, CAST(e.id AS TEXT), e.at, CAST(e.actor AS TEXT), ${kind}, e.body, ${done}`
}

export function prepareRows(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

export function all(statement: StatementSync, ...values: readonly SQLInputValue[]): readonly Columns[] {
  return statement.all(...values) as unknown as readonly Columns[]
}

export function iterate(statement: StatementSync, ...values: readonly SQLInputValue[]): Iterable<Columns> {
  return statement.iterate(...values) as unknown as Iterable<Columns>
}

export function one(statement: StatementSync, ...values: readonly SQLInputValue[]): Columns | undefined {
  return statement.get(...values) as unknown as Columns | undefined
}

/** Lets the event loop run, between two steps of a long walk. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

export function eventOf(room: RoomId, [sequence, id, at, actor, kind, body, done]: Columns): RoomEvent {
  const event = {
    room,
    sequence: sequence as number,
    id: id as EventId,
    at: at as number,
    actor: actor as UserId | null,
    body: JSON.parse(body as string) as EventBody,
  }
  // Its content may still be there, where its time has just ended or only this reader has hidden it.
  return kind === 'x'
    ? { ...event, body: erase(event.body), erased: true }
    : done === null
      ? event
      : { ...event, done: JSON.parse(done as string) as Done }
}
