// The frames that one group, or one outlet alone, got in this turn, and spans of them. Each frame carries its place in
// the turn, so that a socket with several sources gets their frames in the order of the calls. A batch is joined once.

/** The end of a span that still takes what is appended. */
export const OPEN = -1

/** A run of a batch: frames from `start` up to `end`, or up to whatever the batch holds at the flush. */
export interface Span {
  readonly batch: Batch
  readonly start: number
  readonly end: number
}

/** A batch is also the span of all its frames: most sockets get just that, and it costs them no object. */
export class Batch implements Span {
  readonly batch: Batch = this
  readonly start = 0
  readonly end = OPEN
  readonly frames: Buffer[]
  /** The place of each frame in the turn. */
  readonly places: number[]
  /** Bytes of all frames. */
  size: number
  #joined: Buffer | undefined = undefined
  #offsets: number[] | undefined = undefined

  /** It begins with its first frame: without load that is all of it, and its lists take no more. */
  constructor(frame: Buffer, place: number) {
    this.frames = [frame]
    this.places = [place]
    this.size = frame.length
  }

  append(frame: Buffer, place: number): void {
    this.frames.push(frame)
    this.places.push(place)
    this.size += frame.length
  }

  /** All frames in one Buffer, the same for everyone; only after the last append. */
  joined(): Buffer {
    if (this.#joined === undefined) {
      this.#joined = this.frames.length === 1 ? this.frames[0]! : Buffer.concat(this.frames, this.size)
    }
    return this.#joined
  }

  /** Byte offset of a frame in the joined Buffer; only after the last append. */
  offset(index: number): number {
    if (index === 0) return 0
    if (index === this.frames.length) return this.size
    if (this.#offsets === undefined) {
      const offsets = [0]
      let at = 0
      for (const frame of this.frames) {
        at += frame.length
        offsets.push(at)
      }
      this.#offsets = offsets
    }
    return this.#offsets[index]!
  }
}

/** Where a span ends now. */
export function endOf(span: Span): number {
  return span.end === OPEN ? span.batch.frames.length : span.end
}

/** The runs that make up several spans, in the order of the calls: each as long as no other source cuts in. */
export function runs(spans: readonly Span[]): Span[] {
  const result: Span[] = []
  const at = spans.map(span => span.start)
  const ends = spans.map(endOf)
  for (;;) {
    let least = -1
    let leastPlace = Number.POSITIVE_INFINITY
    let nextPlace = Number.POSITIVE_INFINITY
    for (let i = 0; i < spans.length; i++) {
      if (at[i]! >= ends[i]!) continue
      const place = spans[i]!.batch.places[at[i]!]!
      if (place < leastPlace) {
        nextPlace = leastPlace
        leastPlace = place
        least = i
      } else if (place < nextPlace) nextPlace = place
    }
    if (least < 0) return result
    const { batch } = spans[least]!
    const start = at[least]!
    let end = start + 1
    while (end < ends[least]! && batch.places[end]! < nextPlace) end++
    at[least] = end
    result.push({ batch, start, end })
  }
}

/** The same of what a socket got: most often what is its own comes behind all that its room got. */
export function runsOf(first: Span, more: readonly Span[]): readonly Span[] {
  const [second] = more
  if (second === undefined) return [first]
  const last = first.batch.places[endOf(first) - 1]
  const next = second.batch.places[second.start]
  if (more.length === 1 && last !== undefined && next !== undefined && last < next) return [first, second]
  return runs([first, ...more])
}
