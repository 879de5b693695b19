// Routes about files.
import type { Route } from '../route.ts'
import { filesOf } from './families/files.ts'
import { roomsImages } from './rooms.images.ts'
import { roomsMedia } from './rooms.media.ts'
import { roomsMediaConfirm } from './rooms.mediaConfirm.ts'
import { roomsUpload } from './rooms.upload.ts'

export const FILES: readonly Route[] = [roomsMedia, roomsMediaConfirm, roomsUpload, roomsImages, ...filesOf]
