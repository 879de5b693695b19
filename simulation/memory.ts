// What a node remembers of rooms and accounts was true once: state in memory changes only after a commit (L3, L6). Looked at
// after every turn of the node, so it costs next to nothing where nothing has changed.
import type { RoomId, UserId } from '@conclave/wire'
import type { Account } from '../packages/server/src/room/facts.ts'
import type { RoomState } from '../packages/server/src/room/state.ts'
import { Broken } from './broken.ts'
import { type Model, shape } from './model.ts'

export class Memory {
  readonly #life: string
  readonly #model: Model
  readonly #rooms = new Map<RoomId, RoomState>()
  readonly #accounts = new Map<UserId, Account>()

  constructor(life: string, model: Model) {
    this.#life = life
    this.#model = model
  }

  room(state: RoomState | undefined): void {
    if (!state || this.#rooms.get(state.id) === state) return
    const { id, control } = state
    this.#rooms.set(id, state)
    const wanted = this.#model.rooms.get(id)?.shapes.get(control)
    const roles = [...state.roles].map(([user, held]) => `${user}:${[...held].sort().join('+')}`)
    const held = shape(state.members.keys(), roles, state.epoch?.version ?? null, state.closed, state.removed)
    if (wanted === undefined) throw new Broken('L6', `${this.#life} holds ${id} at ${control}, which never was`)
    if (wanted !== held) throw new Broken('L6', `${this.#life} holds ${id} at ${control} as ${held}, not ${wanted}`)
  }

  account(account: Account | undefined): void {
    if (!account || this.#accounts.get(account.id) === account) return
    const { id, version } = account
    this.#accounts.set(id, account)
    if (this.#model.accountShapes.get(`${id} ${version}`) !== accountShape(account))
      throw new Broken('L6', `${this.#life} holds account ${id} at ${version}, which never was so`)
  }
}

export function accountShape({ username, active, roles, sanctions, attributes }: Omit<Account, 'version'>): string {
  return JSON.stringify([username, active, roles, sanctions, attributes])
}
