// One event is written out once for all raw sockets and once for all SockJS ones, however many listen and however they are
// addressed: everybody gets the very same bytes.
import { afterEach, expect, test, vi } from 'vitest'
import { frameTexts } from '../../../fanout/frame.ts'
import { Outlet } from '../../../fanout/outlet.ts'
import { Turn } from '../../../fanout/turn.ts'
import { ejson, type Frame, streamFrame } from '../frames.ts'
import type { DdpSession, Framing } from '../session.ts'
import { Audience } from './audience.ts'

afterEach(() => vi.restoreAllMocks())

function connections(turn: Turn, framing: Framing, count: number) {
  return Array.from({ length: count }, () => {
    const written: Buffer[] = []
    const transport = {
      open: true,
      unsent: 0,
      write: (chunk: Buffer) => void written.push(chunk),
      writeAll: (chunks: readonly Buffer[]) => void written.push(...chunks),
    }
    const outlet = new Outlet(turn, transport, { onOverflow: () => {} })
    const session = {
      framing,
      outlet,
      write: (frame: Frame) => outlet.write(frame[framing]),
    } as unknown as DdpSession
    return { session, written }
  })
}

test('a hundred raw and a hundred SockJS connections share two buffers', () => {
  const turn = new Turn()
  const audience = new Audience(turn)
  const [raw, sockjs] = [connections(turn, 'raw', 100), connections(turn, 'sockjs', 100)]
  for (const { session } of [...raw, ...sockjs]) audience.add(session)
  const stringify = vi.spyOn(JSON, 'stringify')
  const document = { _id: 'm', msg: 'to "all" of them', ts: new Date(5) }
  audience.write(streamFrame('room-messages', 'rid', ejson([document])))
  turn.flush()
  // The document, the event's name, and the text inside of SockJS's list.
  expect(stringify).toHaveBeenCalledTimes(3)
  expect(new Set(raw.flatMap(({ written }) => written)).size).toBe(1)
  expect(new Set(sockjs.flatMap(({ written }) => written)).size).toBe(1)
  const [text] = frameTexts(raw[0]?.written[0] as Buffer) as [string]
  expect(JSON.parse(text).fields.args).toEqual([{ ...document, ts: { $date: 5 } }])
  const [framed] = frameTexts(sockjs[0]?.written[0] as Buffer) as [string]
  expect(JSON.parse(framed.slice(1))).toEqual([text])
})

test('also where some are addressed one by one, and nothing is made for who is not there', () => {
  const turn = new Turn()
  const [raw, sockjs] = [connections(turn, 'raw', 20), connections(turn, 'sockjs', 20)]
  const frame = streamFrame('notify-logged', 'x', '[]')
  const stringify = vi.spyOn(JSON, 'stringify')
  for (const { session } of raw) session.write(frame)
  turn.flush()
  expect(stringify).not.toHaveBeenCalled()
  for (const { session } of sockjs) session.write(frame)
  turn.flush()
  expect(stringify).toHaveBeenCalledTimes(1)
  expect(new Set([...raw, ...sockjs].flatMap(({ written }) => written)).size).toBe(2)
})

test('frames of one turn leave in one write, and one connection can be left out', () => {
  const turn = new Turn()
  const audience = new Audience(turn)
  const [first, second] = connections(turn, 'sockjs', 2)
  for (const one of [first, second]) audience.add((one as { session: DdpSession }).session)
  audience.write(streamFrame('s', 'e', '[1]'))
  audience.writeBut(first?.session, streamFrame('s', 'e', '[2]'))
  audience.write(streamFrame('s', 'e', '[3]'))
  turn.flush()
  const numbers = (one: typeof first) =>
    one?.written
      .flatMap(chunk => frameTexts(chunk))
      .map(text => JSON.parse(JSON.parse(text.slice(1))[0]).fields.args[0])
  expect([numbers(first), numbers(second)]).toEqual([
    [1, 3],
    [1, 2, 3],
  ])
  expect(second?.written).toHaveLength(1)
})
