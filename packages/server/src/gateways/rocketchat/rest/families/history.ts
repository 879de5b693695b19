// `channels.history`, `groups.history`, `im.history`: messages between two times, newest first.
import { z } from 'zod'
import { MeteorError } from '../../errors.ts'
import { channelHistory } from '../../messages/channel-history.ts'
import { PAGED, pageOf } from '../page.ts'
import { timeIn } from '../room-named.ts'
import { familyRoutes } from './family.ts'

const query = z.looseObject({
  latest: z.string().optional(),
  oldest: z.string().optional(),
  inclusive: z.string().optional(),
  unreads: z.string().optional(),
  showThreadMessages: z.string().optional(),
  ...PAGED,
})

export const history = familyRoutes({
  families: ['channels', 'groups', 'im'],
  verb: 'GET',
  name: 'history',
  input: query,
  async run({ gate, caller }, { latest, oldest, inclusive, unreads, showThreadMessages, offset, count }, { room }) {
    const page = pageOf(gate, { ...(offset === undefined ? {} : { offset }), count: count ?? 20 })
    const [until, since] = [timeIn(latest), timeIn(oldest)]
    if ((latest && !until) || (oldest && !since))
      return new MeteorError('error-invalid-date', 'The "latest" and "oldest" query parameters must be valid dates.')
    return channelHistory(gate, caller, room, {
      ...(until ? { latest: until } : {}),
      ...(since ? { oldest: since } : {}),
      inclusive: inclusive === 'true',
      unreads: unreads === 'true',
      withoutReplies: showThreadMessages === 'false',
      ...page,
    })
  },
})
