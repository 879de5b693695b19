// Dead letters: events that the embedding site has not taken, shown, sent again or dropped by the operator's hand.
import { uuidOf } from '@conclave/wire'
import { isCarried } from '../engine/carried.ts'
import type { Core } from '../engine/core.ts'
import { eventOf } from '../engine/letter.ts'
import type { Outgoing } from '../store/store.ts'
import { OperatorError } from './users.ts'

export interface DeadLetter {
  readonly id: string
  /** The `webhook-id` under which the destination knows it; null where its message is not there. */
  readonly event: string | null
  readonly destination: string
  readonly verb: string
  /** As Dino shows it. */
  readonly room: string | null
  readonly at: string
  readonly attempts: number
  readonly error: string
}

/** Rows of one look. */
const PAGE = 1_000
const ALL = 'all'

export async function listDead(core: Core): Promise<DeadLetter[]> {
  const shown: DeadLetter[] = []
  await everyDead(core, async rows => {
    for (const row of rows) shown.push(await show(core, row))
  })
  return shown
}

/** Sends one again, or all: at once where the server runs, else when it starts. One more try that fails is the last. */
export async function retryDead(core: Core, id: string): Promise<{ readonly retried: number }> {
  const known = (row: Outgoing): boolean => core.outgoing.serves(row.to)
  let retried = 0
  const retry = async (rows: readonly Outgoing[]): Promise<void> => {
    const wanted = rows.filter(known)
    await core.outgoing.retry(wanted)
    retried += wanted.length
  }
  if (id === ALL) await everyDead(core, retry)
  else {
    const row = await oneDead(core, id)
    if (!known(row)) throw new OperatorError(`The destination ${row.to} is not configured.`)
    await retry([row])
  }
  return { retried }
}

export async function dropDead(core: Core, id: string): Promise<{ readonly dropped: number }> {
  let dropped = 0
  const drop = async (rows: readonly Outgoing[]): Promise<void> => {
    await core.outgoing.drop(rows)
    dropped += rows.length
  }
  if (id === ALL) await everyDead(core, drop)
  else await drop([await oneDead(core, id)])
  return { dropped }
}

async function everyDead({ store }: Core, visit: (rows: readonly Outgoing[]) => Promise<void>): Promise<void> {
  for (let after: string | null = null; ; ) {
    const page: readonly Outgoing[] = await store.deadOutgoing(after, PAGE)
    const last = page.at(-1)
    if (!last) return
    await visit(page)
    after = last.id
  }
}

async function oneDead({ store }: Core, id: string): Promise<Outgoing> {
  const row = /^\d{1,19}$/.test(id) ? await store.outgoingOf(id) : undefined
  if (row?.dueAt !== null) throw new OperatorError(`There is no dead letter ${id}.`)
  return row
}

async function show({ store }: Core, row: Outgoing): Promise<DeadLetter> {
  const { id, to, verb, room, at, attempts, error } = row
  // What a gateway brings has an id of its own there.
  const event = isCarried(to) ? undefined : await eventOf(store, row)
  return {
    id,
    event: event?.id ?? null,
    destination: to,
    verb,
    room: room === null ? null : uuidOf(room),
    at: new Date(at).toISOString(),
    attempts,
    error,
  }
}
