// Finished WebSocket frames, server to client: one unmasked text frame each (RFC 6455 section 5.2), made once and
// shared by every socket that gets it. Texts are read back only where a transport wants packets instead of frames.

const TEXT = 0x81
const SHORT = 125
const MEDIUM = 0xffff

/**
 * One finished text frame: FIN, opcode 1, no mask, and the shortest length form. Of a Socket.IO event the text is the
 * same for Engine.IO 3 and 4: `42/ws,["event",…]`; of an ack `43/ws,<id>[…]`.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = headLength(length)
  const frame = Buffer.allocUnsafe(head + length)
  writeHead(frame, 0, length)
  frame.write(text, head)
  return frame
}

/** What stands before and behind a text that is there as bytes: plain ASCII. */
export type Around = readonly [before: string, after: string]

/** Frames one behind the other, each of the same bytes between two texts: encoded once, framed often. */
export function textFramesAround(bytes: Buffer, around: readonly Around[]): Buffer {
  let size = 0
  for (const [before, after] of around) {
    const length = before.length + bytes.length + after.length
    size += headLength(length) + length
  }
  const frames = Buffer.allocUnsafe(size)
  let at = 0
  for (const [before, after] of around) {
    at = writeHead(frames, at, before.length + bytes.length + after.length)
    at += frames.write(before, at, 'latin1')
    frames.set(bytes, at)
    at += bytes.length
    at += frames.write(after, at, 'latin1')
  }
  return frames
}

/** Where the text of a finished frame begins that begins at a place. */
export function textStart(frames: Buffer, at = 0): number {
  const short = frames[at + 1]!
  return at + (short < 126 ? 2 : short === 126 ? 4 : 10)
}

function headLength(length: number): number {
  return length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10
}

/** Where the text begins. */
function writeHead(frame: Buffer, at: number, length: number): number {
  frame[at] = TEXT
  if (length <= SHORT) {
    frame[at + 1] = length
    return at + 2
  }
  if (length <= MEDIUM) {
    frame[at + 1] = 126
    frame[at + 2] = length >>> 8
    frame[at + 3] = length & 0xff
    return at + 4
  }
  frame[at + 1] = 127
  frame.writeUInt32BE(0, at + 2)
  frame.writeUInt32BE(length, at + 6)
  return at + 10
}

/** The texts of finished frames that stand one after the other in a chunk: the reverse of joining `textFrame`s. */
export function frameTexts(chunk: Buffer): string[] {
  const texts: string[] = []
  let at = 0
  while (at < chunk.length) {
    const short = chunk[at + 1]!
    const start = textStart(chunk, at)
    const length = short < 126 ? short : short === 126 ? chunk.readUInt16BE(at + 2) : chunk.readUInt32BE(at + 6)
    texts.push(chunk.toString('utf8', start, start + length))
    at = start + length
  }
  return texts
}

const shared = new WeakMap<Buffer, readonly string[]>()

/** The same of a chunk that many sockets get, which then hold the same texts: made once, and kept as long as the chunk. */
export function sharedTexts(chunk: Buffer): readonly string[] {
  let texts = shared.get(chunk)
  if (texts === undefined) {
    texts = frameTexts(chunk)
    shared.set(chunk, texts)
  }
  return texts
}
