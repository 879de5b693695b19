// A client that checks the server (protocol/transparency.md): it reads key logs and chains page by page, compares them with
// what else the server says, and remembers the heads that it has seen.
import { type ChainHead, type Link, NO_HEAD } from '@conclave/wire/transparency/chain'
import { webCrypto } from '@conclave/wire/transparency/crypto'
import type { Fault } from '@conclave/wire/transparency/fault'
import { KeyLogCheck } from '@conclave/wire/transparency/key-log'
import { RoomCheck } from '@conclave/wire/transparency/room-chain'
import { decodeDetailBytes, decodeMessageEvent, type MessageEventDetail } from '@conclave/wire/xchat/events'
import { ask } from './http.ts'

export interface Pages {
  readonly id: string
  readonly links: readonly Link[]
  readonly head: ChainHead
}

export class Witness {
  readonly #url: string
  readonly #token: string
  readonly #user: string
  /** Heads by user or conversation. */
  readonly remembered = new Map<string, ChainHead>()

  /** `url`: where this client believes the server to be. */
  constructor(url: string, token: string, user: string) {
    this.#url = url
    this.#token = token
    this.#user = user
  }

  /** Everything about a conversation (`g…` or `a-b`) and the keys of everybody in it. Remembers where it all stands if nothing is wrong. */
  async look(conversation: string): Promise<readonly Fault[]> {
    const { data: resource } = await this.#get(`/chat/conversations/${conversation}`)
    const chain = await this.pages(`/chat/conversations/${conversation}/chain`)
    const users = new Set<string>(resource.participant_ids)
    for (const { entry } of chain.links) {
      const { actor, body } = (entry ?? {}) as { actor?: string; body?: { wraps?: { user: string }[] } }
      for (const user of [...(actor ? [actor] : []), ...(body?.wraps ?? []).map(wrap => wrap.user)]) users.add(user)
    }
    const faults: Fault[] = []
    const seen = new Map<string, ChainHead>()
    const logs = new Map<string, KeyLogCheck>()
    for (const user of users) {
      const check = new KeyLogCheck(user, webCrypto, this.remembered.get(user))
      const log = await this.pages(`/users/${user}/key_log`)
      for (const link of log.links) faults.push(...(await check.take(link)))
      faults.push(...check.end(log.head), ...check.compare((await this.#get(`/users/${user}/public_keys`)).data ?? []))
      seen.set(user, check.head)
      logs.set(user, check)
    }
    const [one = '', two = ''] = conversation.split('-')
    const isGroup = conversation.startsWith('g')
    // A direct room's number is nowhere but in its chain, which says whose it is.
    const room = isGroup ? conversation.slice(1) : chain.id
    const remembered = this.remembered.get(conversation)
    const check = new RoomCheck(room, user => logs.get(user)?.keys, webCrypto, remembered, this.#user)
    for (const link of chain.links) faults.push(...(await check.take(link)))
    faults.push(...check.end(chain.head))
    const epoch = await this.#newestKey(conversation)
    const pair = isGroup ? undefined : ([one, two] as const)
    faults.push(
      ...check.compare({ suite: 'xchat', members: resource.member_ids, admins: resource.admin_ids, epoch, pair }),
    )
    seen.set(conversation, check.head)
    if (faults.length === 0) for (const [id, head] of seen) this.remembered.set(id, head)
    return faults
  }

  async pages(path: string): Promise<Pages> {
    const links: Link[] = []
    let head = NO_HEAD
    for (let token = ''; ; ) {
      const page = await this.#get(`${path}?max_results=3${token && `&pagination_token=${token}`}`)
      links.push(...page.data)
      head = page.meta.head
      if (page.meta.next_token === undefined) return { id: page.meta.id, links, head }
      token = page.meta.next_token
    }
  }

  /** The version of the newest key change that `…/events` shows. */
  async #newestKey(conversation: string): Promise<string | null> {
    const { data } = await this.#get(`/chat/conversations/${conversation}/events?max_results=100`)
    for (const { encoded_event } of data) {
      const event = decodeMessageEvent(encoded_event)
      const detail: MessageEventDetail | null = event.ok ? detailOf(event.value.detail) : null
      if (detail?.kind === 'keyChange') return detail.event.conversationKeyVersion
    }
    return null
  }

  // biome-ignore lint/suspicious/noExplicitAny: the answer as it came
  async #get(path: string): Promise<any> {
    const answer = await ask(this.#url, this.#token, 'GET', `/2${path}`)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`)
    return answer.body
  }
}

function detailOf(bytes: Uint8Array): MessageEventDetail | null {
  const read = decodeDetailBytes(bytes)
  return read.ok ? read.value : null
}
