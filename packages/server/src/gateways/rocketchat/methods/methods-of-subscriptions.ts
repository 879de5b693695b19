// Methods about what a user keeps of their rooms; direct rooms.
import type { Method } from '../method.ts'
import { createDirectMessage } from './createDirectMessage.ts'
import { getRoomIdByNameOrId } from './getRoomIdByNameOrId.ts'
import { roomsGet } from './rooms-get.ts'
import { subscriptionsGet } from './subscriptions-get.ts'

export const SUBSCRIPTIONS: readonly Method[] = [createDirectMessage, getRoomIdByNameOrId, roomsGet, subscriptionsGet]
