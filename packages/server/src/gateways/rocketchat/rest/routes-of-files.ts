// Routes about files, and about what other programs bring.
import type { Route } from '../route.ts'
import { filesOf } from './families/files.ts'
import { getIntegrations } from './families/getIntegrations.ts'
import { integrationsCreate } from './integrations.create.ts'
import { integrationsGet } from './integrations.get.ts'
import { integrationsHistory } from './integrations.history.ts'
import { integrationsList } from './integrations.list.ts'
import { integrationsRemove } from './integrations.remove.ts'
import { integrationsUpdate } from './integrations.update.ts'
import { roomsImages } from './rooms.images.ts'
import { roomsMedia } from './rooms.media.ts'
import { roomsMediaConfirm } from './rooms.mediaConfirm.ts'
import { roomsUpload } from './rooms.upload.ts'

export const FILES: readonly Route[] = [
  roomsMedia,
  roomsMediaConfirm,
  roomsUpload,
  roomsImages,
  ...filesOf,
  integrationsCreate,
  integrationsGet,
  integrationsHistory,
  integrationsList,
  integrationsRemove,
  integrationsUpdate,
  ...getIntegrations,
]
