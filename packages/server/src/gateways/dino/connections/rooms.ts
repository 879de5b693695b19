// The rooms of Socket.IO, of which this server has none: who gets what is known in ../feeds.ts, and frames go out through
// fanout/. The library's own adapter keeps two sets for every socket. What it would do for a broadcast is missing on
// purpose, so that one throws.
export class NoRooms {
  readonly rooms: ReadonlyMap<string, unknown> = new Map()
  readonly sids: ReadonlyMap<string, unknown> = new Map()

  init(): void {}

  close(): void {}

  addAll(): void {}

  del(): void {}

  delAll(): void {}

  socketRooms(): undefined {}
}
