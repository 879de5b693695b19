// Methods about users, but `login` and `logout`, which are a connection's own.
import type { Method } from '../method.ts'
import { twoFactorCheckCodesRemaining } from './2fa-checkCodesRemaining.ts'
import { twoFactorDisable } from './2fa-disable.ts'
import { twoFactorEnable } from './2fa-enable.ts'
import { twoFactorRegenerateCodes } from './2fa-regenerateCodes.ts'
import { twoFactorValidateTempToken } from './2fa-validateTempToken.ts'
import { authorizationAddUserToRole, authorizationRemoveUserFromRole } from './authorization-addUserToRole.ts'
import { createToken } from './createToken.ts'
import { deleteUser } from './deleteUser.ts'
import { deleteUserOwnAccount } from './deleteUserOwnAccount.ts'
import { getAvatarSuggestion } from './getAvatarSuggestion.ts'
import { getUsernameSuggestion } from './getUsernameSuggestion.ts'
import { getUserPreferences } from './getUserPreferences.ts'
import { getUserRoles } from './getUserRoles.ts'
import { insertOrUpdateUser } from './insertOrUpdateUser.ts'
import { logoutCleanUp } from './logoutCleanUp.ts'
import { logoutOtherClients } from './logoutOtherClients.ts'
import { personalAccessTokensGenerateToken } from './personalAccessTokens-generateToken.ts'
import { personalAccessTokensRegenerateToken } from './personalAccessTokens-regenerateToken.ts'
import { personalAccessTokensRemoveToken } from './personalAccessTokens-removeToken.ts'
import { registerUser } from './registerUser.ts'
import { removeOtherTokens } from './removeOtherTokens.ts'
import { resetAvatar } from './resetAvatar.ts'
import { saveUserPreferences } from './saveUserPreferences.ts'
import { saveUserProfile } from './saveUserProfile.ts'
import { setRealName } from './setRealName.ts'
import { setUserActiveStatus } from './setUserActiveStatus.ts'
import { setUsername } from './setUsername.ts'
import { setUserStatus } from './setUserStatus.ts'
import { userPresenceAway } from './UserPresence-away.ts'
import { userPresenceOnline } from './UserPresence-online.ts'
import { userPresencePing } from './UserPresence-ping.ts'
import { userPresenceSetDefaultStatus } from './UserPresence-setDefaultStatus.ts'

export const USERS: readonly Method[] = [
  twoFactorCheckCodesRemaining,
  twoFactorDisable,
  twoFactorEnable,
  twoFactorRegenerateCodes,
  twoFactorValidateTempToken,
  userPresenceAway,
  userPresenceOnline,
  userPresencePing,
  userPresenceSetDefaultStatus,
  authorizationAddUserToRole,
  authorizationRemoveUserFromRole,
  createToken,
  deleteUser,
  deleteUserOwnAccount,
  getAvatarSuggestion,
  getUserPreferences,
  getUserRoles,
  getUsernameSuggestion,
  insertOrUpdateUser,
  logoutCleanUp,
  logoutOtherClients,
  personalAccessTokensGenerateToken,
  personalAccessTokensRegenerateToken,
  personalAccessTokensRemoveToken,
  registerUser,
  removeOtherTokens,
  resetAvatar,
  saveUserPreferences,
  saveUserProfile,
  setRealName,
  setUserActiveStatus,
  setUserStatus,
  setUsername,
]
