// X over HTTP with signed messages, and its activity stream. The stream brings what a user's subscriptions name.
import { decodeDetailBytes, decodeMessageEvent } from '@conclave/wire'
import { type Group, type Hand, messageBody } from '../../conformance/xchat/hand.ts'
import {
  type Answer,
  type Connection,
  inTime,
  type Message,
  PATIENCE,
  type Person,
  type Place,
  type Wire,
} from './wire.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a server sends is looked at field by field
type Any = any

const PAGE = 100
const HEARD = new Set(['chat.received', 'chat.sent'])

export async function request(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ readonly status: number; readonly body: Any }> {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(PATIENCE),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

const groupOf = ({ group }: Place): Group => {
  if (!group) throw new Error('X has no plain rooms')
  return group
}

class XchatConnection implements Connection {
  closed = false
  readonly #url: string
  readonly #person: Person
  readonly #hand: Hand | null
  readonly #stop = new AbortController()

  constructor(url: string, person: Person, hand: Hand | null) {
    this.#url = url
    this.#person = person
    this.#hand = hand
  }

  message(place: Place): Message {
    if (!this.#hand) throw new Error(`${this.#person.id} has no keys`)
    const group = groupOf(place)
    const body = messageBody(this.#hand, group.id, group.version)
    return { name: body.message_id, body }
  }

  async send(place: Place, { body }: Message): Promise<Answer> {
    const path = `/2/chat/conversations/${groupOf(place).id}/messages`
    const answer = await request(this.#url, this.#person.token, 'POST', path, body as object)
    if (answer.status === 201) return { acked: true, id: sequenceId(answer.body.data.encoded_message_event) }
    // Under another key, out of the group, or into a closed one: it has to be made anew.
    return { acked: false, again: answer.status >= 500 || answer.status === 429 }
  }

  async listen(place: Place, heard: (name: string) => void): Promise<string | null> {
    const { id } = groupOf(place)
    const answer = await inTime(
      fetch(`${this.#url}/2/activity/stream`, {
        headers: { authorization: `Bearer ${this.#person.token}` },
        signal: this.#stop.signal,
      }),
      'an activity stream',
    )
    if (answer.status !== 200) throw new Error(`the activity stream was refused: ${await answer.text()}`)
    void this.#read(answer, told => {
      if (HEARD.has(told.event_type) && told.payload.conversation_id === id) heard(told.payload.id)
    })
    return (await page(this.#url, this.#person, place, null)).messages[0] ?? null
  }

  async #read(answer: Response, tell: (told: Any) => void): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of answer.body ?? []) {
        rest += decoder.decode(chunk, { stream: true })
        const lines = rest.split('\r\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line !== '') tell(JSON.parse(line).data)
      }
    } catch {
      // Cut.
    }
    this.closed = true
  }

  close(): void {
    this.#stop.abort()
    this.closed = true
  }
}

function sequenceId(encoded: string): string {
  const event = decodeMessageEvent(encoded)
  if (!event.ok) throw new Error(event.error)
  return event.value.sequenceId
}

/** Messages by their ids, newest first, and where the next page begins. */
async function page(url: string, { token }: Person, place: Place, from: string | null) {
  const query = `max_results=${PAGE}${from === null ? '' : `&pagination_token=${from}`}`
  const answer = await request(url, token, 'GET', `/2/chat/conversations/${groupOf(place).id}/events?${query}`)
  if (answer.status !== 200) throw new Error(`X's events were refused: ${JSON.stringify(answer.body)}`)
  const { data, meta } = answer.body
  const messages: string[] = data.flatMap(({ id, encoded_event }: Any) => {
    const event = decodeMessageEvent(encoded_event)
    const detail = event.ok ? decodeDetailBytes(event.value.detail) : event
    return detail.ok && detail.value.kind === 'messageCreate' ? [id] : []
  })
  return {
    messages,
    next: (meta.next_token ?? null) as string | null,
    keyChanges: meta.conversation_key_events as string[],
  }
}

export const xchat: Wire = {
  name: 'xchat',
  sends: ({ group }) => group !== null,
  hears: ({ group }) => group !== null,
  connect: async (url, person, hand) => new XchatConnection(url, person, hand),
  async history(url, person, place) {
    const found: string[] = []
    for (let from: string | null = null; ; ) {
      const { messages, next } = await page(url, person, place, from)
      found.push(...messages)
      if (next === null) return { messages: found.reverse(), whole: true }
      from = next
    }
  },
  async view(url, { token }, place) {
    const answer = await request(url, token, 'GET', `/2/chat/conversations/${groupOf(place).id}`)
    if (answer.status !== 200) throw new Error(`the conversation was refused: ${JSON.stringify(answer.body)}`)
    const { data } = answer.body
    return { members: data.member_ids, epoch: null, closed: data.rotation_required === true }
  },
}
