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
  writeHead(frame, head, length)
  frame.write(text, head)
  return frame
}

/** The same of a text that is there as bytes already, between two others of plain ASCII: encoded once, framed often. */
export function textFrameAround(before: string, bytes: Buffer, after: string): Buffer {
  const length = before.length + bytes.length + after.length
  const head = headLength(length)
  const frame = Buffer.allocUnsafe(head + length)
  writeHead(frame, head, length)
  frame.write(before, head, 'latin1')
  frame.set(bytes, head + before.length)
  frame.write(after, head + before.length + bytes.length, 'latin1')
  return frame
}

function headLength(length: number): number {
  return length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10
}

function writeHead(frame: Buffer, head: number, length: number): void {
  frame[0] = TEXT
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = 126
    frame[2] = length >>> 8
    frame[3] = length & 0xff
  } else {
    frame[1] = 127
    frame.writeUInt32BE(0, 2)
    frame.writeUInt32BE(length, 6)
  }
}

/** The texts of finished frames that stand one after the other in a chunk: the reverse of joining `textFrame`s. */
export function frameTexts(chunk: Buffer): string[] {
  const texts: string[] = []
  let at = 0
  while (at < chunk.length) {
    const short = chunk[at + 1]!
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    const length = short < 126 ? short : short === 126 ? chunk.readUInt16BE(at + 2) : chunk.readUInt32BE(at + 6)
    texts.push(chunk.toString('utf8', start, start + length))
    at = start + length
  }
  return texts
}
