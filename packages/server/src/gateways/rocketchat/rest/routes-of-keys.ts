// Routes about keys: `e2e.*`, and the reset of them.
import type { Route } from '../route.ts'
import { e2eAcceptSuggestedGroupKey } from './e2e.acceptSuggestedGroupKey.ts'
import { e2eFetchMyKeys } from './e2e.fetchMyKeys.ts'
import { e2eFetchUsersWaitingForGroupKey } from './e2e.fetchUsersWaitingForGroupKey.ts'
import { e2eGetUsersOfRoomWithoutKey } from './e2e.getUsersOfRoomWithoutKey.ts'
import { e2eProvideUsersSuggestedGroupKeys } from './e2e.provideUsersSuggestedGroupKeys.ts'
import { e2eRejectSuggestedGroupKey } from './e2e.rejectSuggestedGroupKey.ts'
import { e2eRequestSubscriptionKeys } from './e2e.requestSubscriptionKeys.ts'
import { e2eResetRoomKey } from './e2e.resetRoomKey.ts'
import { e2eSetRoomKeyId } from './e2e.setRoomKeyID.ts'
import { e2eSetUserPublicAndPrivateKeys } from './e2e.setUserPublicAndPrivateKeys.ts'
import { e2eUpdateGroupKey } from './e2e.updateGroupKey.ts'
import { usersResetE2eKey } from './users.resetE2EKey.ts'

export const KEYS: readonly Route[] = [
  e2eFetchMyKeys,
  e2eGetUsersOfRoomWithoutKey,
  e2eRequestSubscriptionKeys,
  e2eSetRoomKeyId,
  e2eSetUserPublicAndPrivateKeys,
  e2eUpdateGroupKey,
  e2eAcceptSuggestedGroupKey,
  e2eFetchUsersWaitingForGroupKey,
  e2eProvideUsersSuggestedGroupKeys,
  e2eRejectSuggestedGroupKey,
  e2eResetRoomKey,
  usersResetE2eKey,
]
