// What other servers speak, as far as the load generator needs it: NATS, MQTT 3.1.1 and XMPP, in raw bytes. Their messages are
// those of the wire `raw`.

import { LoadSocket } from './socket.ts'

/** Connects, and tells the first frames to `onText`, until `onFrame` is set otherwise. */
async function opened<T extends LoadSocket>(socket: T, onText: (text: string) => void): Promise<T> {
  socket.onFrame = (buffer, start, end) => onText(buffer.toString('latin1', start, end))
  return socket
}

const NEWLINE = 10
const MSG = 'M'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)
const SPACE = 32

/** Lines; `MSG subject id length` is followed by that many bytes and another line end. */
export class NatsClient extends LoadSocket {
  static open(port: number, onText: (text: string) => void): Promise<NatsClient> {
    return opened(new NatsClient(port), onText)
  }

  send(text: string): void {
    this.write(text)
  }

  protected frameAt(buffer: Buffer, at: number, size: number): number {
    let end = at
    while (end < size && buffer[end] !== NEWLINE) end++
    if (end === size) return 0
    const line = end + 1 - at
    this.head = 0
    if (buffer[at] !== MSG) return line
    this.head = line
    let length = 0
    for (let digit = end - 2, worth = 1; buffer[digit] !== SPACE; digit--, worth *= 10)
      length += (buffer[digit]! - ZERO) * worth
    return line + length + 2
  }
}

const PUBLISH = 0x30
const PUBACK = [0x40, 2]
/** Of a topic of one character. */
const TOPIC = 3

/** MQTT 3.1.1 (section 2.2): a byte of type and flags, a length in groups of seven bits. Acknowledges at QoS 1, once a read. */
export class MqttClient extends LoadSocket {
  readonly #acks: number[] = []

  static open(port: number, onText: (text: string) => void): Promise<MqttClient> {
    return opened(new MqttClient(port), onText)
  }

  /** A packet, each character a byte. */
  send(packet: string): void {
    this.write(Buffer.from(packet, 'latin1'))
  }

  protected frameAt(buffer: Buffer, at: number, size: number): number {
    let length = 0
    let head = 1
    for (let byte = 0x80, shift = 0; byte & 0x80; shift += 7) {
      if (at + head >= size) return 0
      byte = buffer[at + head++]!
      length |= (byte & 0x7f) << shift
    }
    this.counts = true
    this.head = head
    if ((buffer[at]! & 0xf0) !== PUBLISH) return head + length
    const quality = (buffer[at]! >> 1) & 3
    this.head = head + TOPIC + (quality > 0 ? 2 : 0)
    // What is asked for again, because not all of it was there, is acknowledged then.
    if (size - at < head + length)
      return this.onFrame === undefined && quality === 0 && size - at >= this.head ? head + length : 0
    if (quality > 0) this.#acks.push(...PUBACK, buffer[at + this.head - 2]!, buffer[at + this.head - 1]!)
    return head + length
  }

  protected override afterRead(): void {
    if (this.#acks.length === 0) return
    this.write(Buffer.from(this.#acks))
    this.#acks.length = 0
  }
}

/** The packet of that type; its body's characters are bytes. */
export function mqttPacket(first: number, body: string): string {
  let length = ''
  for (let rest = body.length; ; ) {
    const low = rest & 0x7f
    rest >>= 7
    length += String.fromCharCode(rest > 0 ? low | 0x80 : low)
    if (rest === 0) return String.fromCharCode(first) + length + body
  }
}

export function mqttText(text: string): string {
  return String.fromCharCode(text.length >> 8, text.length & 0xff) + text
}

const END = '</message>'

/** XMPP: whatever comes at a time is one frame until `inRoom` is set; then each `<message>` is one. */
export class XmppClient extends LoadSocket {
  inRoom = false

  static open(port: number, onText: (text: string) => void): Promise<XmppClient> {
    return opened(new XmppClient(port), onText)
  }

  send(text: string): void {
    this.write(text)
  }

  protected frameAt(buffer: Buffer, at: number, size: number): number {
    if (!this.inRoom) return size - at
    const end = buffer.subarray(at, size).indexOf(END)
    return end < 0 ? 0 : end + END.length
  }
}
