// `browseChannels`: the directory; `channelsList` and `getTotalChannels`: its older forms.
import { z } from 'zod'
import { notAllowed } from '../errors.ts'
import { FILTER, PAGE_MOST } from '../limits.ts'
import { type Method, method } from '../method.ts'
import { list } from '../params.ts'
import { browse } from '../rooms/directory.ts'
import { may } from '../rooms/room-acts.ts'
import { roomDocument } from '../rooms/room-document.ts'
import { named, ownRooms, publicRooms, sorted } from '../rooms/rooms-list.ts'

const text = z.string().max(FILTER).nullish()
const whole = z.number().int().nonnegative().nullish()

export const browsing: readonly Method[] = [
  method({
    name: 'browseChannels',
    params: list(
      z.looseObject({
        text,
        type: z.enum(['channels', 'users', 'teams']).nullish(),
        sortBy: text,
        sortDirection: z.enum(['asc', 'desc']).nullish(),
        offset: whole,
        page: whole,
        limit: whole,
      }),
    ),
    async run(call, [{ text, type, sortBy, sortDirection, offset, page, limit }]) {
      const count = Math.min(limit || PAGE_MOST, PAGE_MOST)
      const found = await browse(call, {
        type: type ?? 'channels',
        text: text ?? '',
        sortBy: sortBy ?? 'name',
        descending: sortDirection === 'desc',
        offset: offset ?? (page ?? 0) * count,
        count,
      })
      return found ?? undefined
    },
  }),
  method({
    name: 'channelsList',
    params: list(text, z.enum(['public', 'private', '']).nullish(), whole, text),
    async run(call, [filter, type, limit, sort]) {
      const { gate, caller } = call
      const rooms = [
        ...(type !== 'private' && may(call, 'view-c-room') ? await publicRooms(gate, caller) : []),
        ...(type === 'public' ? [] : await ownRooms(gate, caller, 'p')),
      ]
      const shown = sorted(
        named(rooms, filter ?? ''),
        sort === 'msgs' ? undefined : JSON.stringify({ [sort ?? 'name']: 1 }),
      )
      const part = shown.slice(0, Math.min(limit || PAGE_MOST, PAGE_MOST))
      return { channels: await Promise.all(part.map(room => roomDocument(gate.parts, room))) }
    },
  }),
  method({
    name: 'getTotalChannels',
    params: z.array(z.unknown()),
    async run(call) {
      if (!may(call, 'view-c-room')) return notAllowed('getTotalChannels')
      return (await publicRooms(call.gate, call.caller)).length
    },
  }),
]
