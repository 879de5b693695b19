// Which event comes before another one in what this wire shows: field 10 of the envelope, `previous_id` in JSON. A log
// never changes, and what is deleted keeps its place, so an envelope stays what it was; what is remembered here is never
// wrong and saves the look that each message would cost.
import type { EventId, RoomId } from '@conclave/wire'
import type { Reading } from '../../engine/reading.ts'
import type { RoomEvent } from '../../room/events.ts'
import { hasForm } from './encode.ts'
import { REMEMBERED_ROOMS } from './limits.ts'

export class Previous {
  readonly #reading: Reading
  readonly #newest = new Map<RoomId, { readonly sequence: number; readonly id: EventId }>()

  constructor(reading: Reading) {
    this.#reading = reading
  }

  /** The id of the event before this one, which this wire shows; remembers the event as its room's newest. */
  async of(event: RoomEvent): Promise<EventId | null> {
    const newest = this.#newest.get(event.room)
    this.#remember(event)
    if (newest?.sequence === event.sequence - 1) return newest.id
    return this.#reading.idBefore(event.room, event.sequence, ({ body }) => hasForm(body))
  }

  #remember({ room, sequence, id }: RoomEvent): void {
    if ((this.#newest.get(room)?.sequence ?? 0) >= sequence) return
    this.#newest.delete(room)
    if (this.#newest.size >= REMEMBERED_ROOMS) {
      const oldest = this.#newest.keys().next()
      if (!oldest.done) this.#newest.delete(oldest.value)
    }
    this.#newest.set(room, { sequence, id })
  }
}
