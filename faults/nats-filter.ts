// Takes messages out of what a NATS server sends to a client, as a bus that loses some of them (NATS client protocol: `MSG`
// and `HMSG` with their payloads; everything else passes).
import type { Filter } from './gate.ts'

const LINE_END = Buffer.from('\r\n')

/** `drop` is asked once for each message, with its subject. */
export function natsFilter(drop: (subject: string) => boolean): Filter {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    const input = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const kept: Buffer[] = []
    let at = 0
    while (at < input.length) {
      const end = input.indexOf(LINE_END, at)
      if (end < 0) break
      const words = input.toString('latin1', at, end).split(/[ \t]+/)
      const operation = words[0]?.toUpperCase()
      const isMessage = operation === 'MSG' || operation === 'HMSG'
      const next = isMessage ? end + 2 + Number(words.at(-1)) + 2 : end + 2
      if (next > input.length) break
      if (!isMessage || !drop(words[1] ?? '')) kept.push(input.subarray(at, next))
      at = next
    }
    rest = input.subarray(at)
    return Buffer.concat(kept)
  }
}
