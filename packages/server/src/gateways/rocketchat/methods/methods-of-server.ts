// Methods about the server: its settings and permissions, and what it has none of.
import type { Method } from '../method.ts'
import {
  authorizationAddPermissionToRole,
  authorizationRemoveRoleFromPermission,
} from './authorization-addPermissionToRole.ts'
import { bannerGetBanners } from './banner-getBanners.ts'
import { getSetupWizardParameters } from './getSetupWizardParameters.ts'
import { licenseGetModules } from './license-getModules.ts'
import { licenseGetTags } from './license-getTags.ts'
import { licenseHasLicense } from './license-hasLicense.ts'
import { licenseIsEnterprise } from './license-isEnterprise.ts'
import { listCustomSounds } from './listCustomSounds.ts'
import { listCustomUserStatus } from './listCustomUserStatus.ts'
import { listEmojiCustom } from './listEmojiCustom.ts'
import { permissionsGet } from './permissions-get.ts'
import { privateSettingsGet } from './private-settings-get.ts'
import { publicSettingsGet } from './public-settings-get.ts'
import { saveSetting } from './saveSetting.ts'
import { saveSettings } from './saveSettings.ts'

export const SERVER: readonly Method[] = [
  authorizationAddPermissionToRole,
  authorizationRemoveRoleFromPermission,
  bannerGetBanners,
  getSetupWizardParameters,
  licenseGetModules,
  licenseGetTags,
  licenseHasLicense,
  licenseIsEnterprise,
  listCustomSounds,
  listCustomUserStatus,
  listEmojiCustom,
  permissionsGet,
  privateSettingsGet,
  publicSettingsGet,
  saveSetting,
  saveSettings,
]
