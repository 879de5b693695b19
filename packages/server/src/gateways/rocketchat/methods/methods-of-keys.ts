// Methods about keys: `e2e.*`.
import type { Method } from '../method.ts'
import { e2eFetchMyKeys } from './e2e.fetchMyKeys.ts'
import { e2eGetUsersOfRoomWithoutKey } from './e2e.getUsersOfRoomWithoutKey.ts'
import { e2eRequestSubscriptionKeys } from './e2e.requestSubscriptionKeys.ts'
import { e2eResetOwnE2eKey } from './e2e.resetOwnE2EKey.ts'
import { e2eSetRoomKeyId } from './e2e.setRoomKeyID.ts'
import { e2eSetUserPublicAndPrivateKeys } from './e2e.setUserPublicAndPrivateKeys.ts'
import { e2eUpdateGroupKey } from './e2e.updateGroupKey.ts'

export const KEYS: readonly Method[] = [
  e2eFetchMyKeys,
  e2eGetUsersOfRoomWithoutKey,
  e2eRequestSubscriptionKeys,
  e2eResetOwnE2eKey,
  e2eSetRoomKeyId,
  e2eSetUserPublicAndPrivateKeys,
  e2eUpdateGroupKey,
]
