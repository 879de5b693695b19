// Routes about the server: what it is, its settings and permissions, methods over REST.
import type { Route } from '../route.ts'
import { appsActionButtons } from './apps.actionButtons.ts'
import { banners } from './banners.ts'
import { commandsList } from './commands.list.ts'
import { customSoundsList } from './custom-sounds.list.ts'
import { customUserStatusList } from './custom-user-status.list.ts'
import { emojiCustomList } from './emoji-custom.list.ts'
import { info } from './info.ts'
import { licensesInfo } from './licenses.info.ts'
import { licensesIsEnterprise } from './licenses.isEnterprise.ts'
import { methodCall } from './method.call.ts'
import { methodCallAnon } from './method.callAnon.ts'
import { permissionsListAll } from './permissions.listAll.ts'
import { permissionsUpdate } from './permissions.update.ts'
import { presenceEnableBroadcast } from './presence.enableBroadcast.ts'
import { presenceGetConnections } from './presence.getConnections.ts'
import { pushTokenAdd, pushTokenRemove } from './push.token.ts'
import { pwGetPolicy } from './pw.getPolicy.ts'
import { serviceConfigurations } from './service.configurations.ts'
import { settingsOauth } from './settings.oauth.ts'
import { settingsPublic } from './settings.public.ts'
import { settings } from './settings.ts'
import { settingsGet } from './settings-get.ts'
import { settingsSet } from './settings-set.ts'
import { statistics } from './statistics.ts'

export const SERVER: readonly Route[] = [
  appsActionButtons,
  banners,
  commandsList,
  customSoundsList,
  customUserStatusList,
  emojiCustomList,
  info,
  licensesInfo,
  licensesIsEnterprise,
  methodCall,
  methodCallAnon,
  permissionsListAll,
  permissionsUpdate,
  presenceEnableBroadcast,
  presenceGetConnections,
  pushTokenAdd,
  pushTokenRemove,
  pwGetPolicy,
  serviceConfigurations,
  settings,
  settingsGet,
  settingsSet,
  settingsOauth,
  settingsPublic,
  statistics,
]
