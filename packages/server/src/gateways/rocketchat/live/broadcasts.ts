// Streams that are the same for everybody who listens (`notify-logged`, `notify-all`, `roles`, …): one audience for each
// event, one frame for all.
import type { Turn } from '../../../fanout/turn.ts'
import { ejson, streamFrame } from '../frames.ts'
import type { DdpSession } from '../session.ts'
import { Audience } from './audience.ts'
import type { Opened } from './opened.ts'

export class Broadcasts {
  readonly #turn: Turn
  /** By `<stream>/<event>`. */
  readonly #audiences = new Map<string, Audience>()

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** `personal`: it ends with the log-in. */
  listen(session: DdpSession, stream: string, event: string, personal: boolean): Opened {
    const key = `${stream}/${event}`
    const audience = this.#audiences.get(key) ?? new Audience(this.#turn)
    this.#audiences.set(key, audience)
    audience.add(session)
    return {
      personal,
      room: null,
      close: async () => {
        audience.remove(session)
        if (audience.size === 0 && this.#audiences.get(key) === audience) this.#audiences.delete(key)
      },
    }
  }

  /** How many connections listen. */
  size(stream: string, event: string): number {
    return this.#audiences.get(`${stream}/${event}`)?.size ?? 0
  }

  tell(stream: string, event: string, args: readonly unknown[]): void {
    const audience = this.#audiences.get(`${stream}/${event}`)
    if (audience && audience.size > 0) audience.write(streamFrame(stream, event, ejson(args)))
  }

  /** Only to those who may hear it, asked at this moment. */
  tellSome(stream: string, event: string, args: readonly unknown[], may: (session: DdpSession) => boolean): void {
    const hearing = this.#audiences.get(`${stream}/${event}`)?.sessions().filter(may) ?? []
    if (hearing.length === 0) return
    const frame = streamFrame(stream, event, ejson(args))
    for (const session of hearing) session.write(frame)
  }
}
