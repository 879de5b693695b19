// What a load does on any wire: one connection of one person to one node. Whatever goes wrong with the connection itself
// is thrown, and the connection is then of no use any more.
import type { RoomId } from '@conclave/wire'
import type { Group, Hand } from '../../conformance/xchat/hand.ts'
import type { View } from '../proof.ts'

export interface Person {
  readonly id: string
  readonly username: string
  readonly token: string
}

/** A room as its clients name it. */
export interface Place {
  readonly id: RoomId
  /** Dino's and Rocket.Chat's name of it. */
  readonly uuid: string
  /** Of an X group; null for a plain room. */
  readonly group: Group | null
}

/** `again`: the same message may be sent again, and gets the same answer (L7). */
export type Answer = { readonly acked: true; readonly id: string } | { readonly acked: false; readonly again: boolean }

/** A message that is sent under one name however often it is tried. */
export interface Message {
  /** As the proof knows it. */
  readonly name: string
  /** Of X: signed, made once. */
  readonly body: object | null
}

export interface Connection {
  /** True when it has ended, whoever ended it. */
  readonly closed: boolean
  message(place: Place, name: string): Message
  send(place: Place, message: Message): Promise<Answer>
  /** Resolves, when everything from now on comes, to the newest message of the history then; null where there is none. */
  listen(place: Place, heard: (name: string) => void): Promise<string | null>
  close(): void
}

export interface Wire {
  readonly name: 'dino' | 'rocketchat' | 'xchat'
  /** Whether this wire shows the place, and can send there. */
  sends(place: Place): boolean
  hears(place: Place): boolean
  connect(url: string, person: Person, hand: Hand | null): Promise<Connection>
  /** Oldest first; all of it, or the newest. */
  history(url: string, person: Person, place: Place): Promise<{ messages: string[]; whole: boolean }>
  /** null where the wire does not tell. */
  view(url: string, person: Person, place: Place): Promise<Omit<View, 'where' | 'room'> | null>
}

/** ms for an answer; beyond that nobody knows what became of it. */
export const PATIENCE = 10_000

/** Rejects when it does not come in time. */
export async function inTime<T>(promise: Promise<T>, what: string, ms = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
