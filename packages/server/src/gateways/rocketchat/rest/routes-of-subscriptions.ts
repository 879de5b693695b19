// Routes about what a user keeps of their rooms; direct rooms.
import type { Route } from '../route.ts'
import { membership } from './families/membership.ts'
import { IM } from './im.ts'
import { roomsGet } from './rooms.get.ts'
import { OWN } from './rooms.own.ts'
import { subscriptionsGet, subscriptionsGetOne } from './subscriptions.get.ts'
import { subscriptionsRead, subscriptionsUnread } from './subscriptions.read.ts'

export const SUBSCRIPTIONS: readonly Route[] = [
  ...IM,
  ...OWN,
  ...membership,
  roomsGet,
  subscriptionsGet,
  subscriptionsGetOne,
  subscriptionsRead,
  subscriptionsUnread,
]
