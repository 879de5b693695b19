// Routes about users: log-in, accounts, roles, statuses.
import type { Route } from '../route.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { me } from './me.ts'
import { rolesAddUserToRole } from './roles.addUserToRole.ts'
import { rolesCreate } from './roles.create.ts'
import { rolesDelete } from './roles.delete.ts'
import { rolesGetUsersInPublicRoles } from './roles.getUsersInPublicRoles.ts'
import { rolesGetUsersInRole } from './roles.getUsersInRole.ts'
import { rolesList } from './roles.list.ts'
import { rolesRemoveUserFromRole } from './roles.removeUserFromRole.ts'
import { rolesSync } from './roles.sync.ts'
import { rolesUpdate } from './roles.update.ts'
import { usersTwoFactorDisableEmail } from './users.2fa.disableEmail.ts'
import { usersTwoFactorEnableEmail } from './users.2fa.enableEmail.ts'
import { usersTwoFactorSendEmailCode } from './users.2fa.sendEmailCode.ts'
import { usersAutocomplete } from './users.autocomplete.ts'
import { usersCheckUsernameAvailability } from './users.checkUsernameAvailability.ts'
import { usersCreate } from './users.create.ts'
import { usersCreateToken } from './users.createToken.ts'
import { usersDeactivateIdle } from './users.deactivateIdle.ts'
import { usersDelete } from './users.delete.ts'
import { usersDeleteOwnAccount } from './users.deleteOwnAccount.ts'
import { usersForgotPassword } from './users.forgotPassword.ts'
import { usersGeneratePersonalAccessToken } from './users.generatePersonalAccessToken.ts'
import { usersGetAvatar } from './users.getAvatar.ts'
import { usersGetAvatarSuggestion } from './users.getAvatarSuggestion.ts'
import { usersGetPersonalAccessTokens } from './users.getPersonalAccessTokens.ts'
import { usersGetPreferences } from './users.getPreferences.ts'
import { usersGetPresence } from './users.getPresence.ts'
import { usersGetStatus } from './users.getStatus.ts'
import { usersGetUsernameSuggestion } from './users.getUsernameSuggestion.ts'
import { usersInfo } from './users.info.ts'
import { usersList } from './users.list.ts'
import { usersListByStatus } from './users.listByStatus.ts'
import { usersLogout } from './users.logout.ts'
import { usersLogoutOtherClients } from './users.logoutOtherClients.ts'
import { usersPresence } from './users.presence.ts'
import { usersRegeneratePersonalAccessToken } from './users.regeneratePersonalAccessToken.ts'
import { usersRegister } from './users.register.ts'
import { usersRemoveOtherTokens } from './users.removeOtherTokens.ts'
import { usersRemovePersonalAccessToken } from './users.removePersonalAccessToken.ts'
import { usersRequestDataDownload } from './users.requestDataDownload.ts'
import { usersResetAvatar } from './users.resetAvatar.ts'
import { usersResetTOTP } from './users.resetTOTP.ts'
import { usersSendConfirmationEmail } from './users.sendConfirmationEmail.ts'
import { usersSendWelcomeEmail } from './users.sendWelcomeEmail.ts'
import { usersSetActiveStatus } from './users.setActiveStatus.ts'
import { usersSetAvatar } from './users.setAvatar.ts'
import { usersSetPreferences } from './users.setPreferences.ts'
import { usersSetStatus } from './users.setStatus.ts'
import { usersUpdate } from './users.update.ts'
import { usersUpdateOwnBasicInfo } from './users.updateOwnBasicInfo.ts'

export const USERS: readonly Route[] = [
  login,
  logout,
  me,
  rolesAddUserToRole,
  rolesCreate,
  rolesDelete,
  rolesGetUsersInPublicRoles,
  rolesGetUsersInRole,
  rolesList,
  rolesRemoveUserFromRole,
  rolesSync,
  rolesUpdate,
  usersTwoFactorDisableEmail,
  usersTwoFactorEnableEmail,
  usersTwoFactorSendEmailCode,
  usersAutocomplete,
  usersCheckUsernameAvailability,
  usersCreate,
  usersCreateToken,
  usersDeactivateIdle,
  usersDelete,
  usersDeleteOwnAccount,
  usersForgotPassword,
  usersGeneratePersonalAccessToken,
  usersGetAvatar,
  usersGetAvatarSuggestion,
  usersGetPersonalAccessTokens,
  usersGetPreferences,
  usersGetPresence,
  usersGetStatus,
  usersGetUsernameSuggestion,
  usersInfo,
  usersList,
  usersListByStatus,
  usersLogout,
  usersLogoutOtherClients,
  usersPresence,
  usersRegeneratePersonalAccessToken,
  usersRegister,
  usersRemoveOtherTokens,
  usersRemovePersonalAccessToken,
  usersRequestDataDownload,
  usersResetAvatar,
  usersResetTOTP,
  usersSendConfirmationEmail,
  usersSendWelcomeEmail,
  usersSetActiveStatus,
  usersSetAvatar,
  usersSetPreferences,
  usersSetStatus,
  usersUpdate,
  usersUpdateOwnBasicInfo,
]
