// What fsck can find: each kind with what it means for whoever pulls and pushes, and what a repair does about it.

export interface Finding {
  readonly kind: FindingKind
  /** Which one: a digest, an image, a file below the data directory. */
  readonly subject: string
  /** What was seen, where the kind does not say all. */
  readonly detail: string | undefined
  /** True when a repair was wanted, and has been done. */
  readonly repaired: boolean
}

interface Kind {
  readonly means: string
  /** What a repair does; `undefined` where there is nothing that could be done without a loss. */
  readonly repair: string | undefined
}

const markBad = 'marks the layer bad, so that it is absent and the next push brings it again'

export const findingKinds = {
  'database-damaged': {
    means: 'the database file is damaged: stop the server and restore a backup; nothing else was checked',
    repair: undefined,
  },
  'row-dangling': {
    means: 'a row refers to one that is not there',
    repair: undefined,
  },
  'layer-missing': {
    means: 'the file of a layer is gone: images with it can not be pulled',
    repair: markBad,
  },
  'layer-size': {
    means: 'the file of a layer has another size: images with it can not be pulled',
    repair: markBad,
  },
  'layer-not-a-file': {
    means: 'something else lies where the file of a layer was: images with it can not be pulled',
    repair: markBad,
  },
  'layer-content': {
    means: 'the file of a layer holds other bytes: images with it can not be pulled',
    repair: markBad,
  },
  'layer-unreadable': {
    // The disk may be away for a moment: that must not mark layer after layer.
    means: 'the disk does not give the bytes of a layer: look after the disk, then check again',
    repair: undefined,
  },
  'layer-marked': {
    means: 'a layer is known to be damaged, and absent until it is pushed again',
    repair: undefined,
  },
  'layer-in-trash': {
    means: 'the file of a layer is also in the trash, and would be removed',
    repair: 'takes the name out of the trash; the file stays',
  },
  'layer-of-upload': {
    means: 'the file of a layer is also that of an open upload',
    repair: undefined,
  },
  'layer-unreleased': {
    means: 'no repository has the layer, and the collector would never look at it',
    repair: 'tells the collector',
  },
  'file-unowned': {
    means: 'no table knows the file',
    repair: 'moves the file to the trash',
  },
  'upload-unowned': {
    means: 'the bytes of an upload that has ended were never removed: a running server does it within minutes',
    repair: undefined,
  },
  'manifest-content': {
    means: 'the manifest does not have its digest: clients refuse the image',
    repair: undefined,
  },
  'manifest-unreadable': {
    means: 'the manifest can not be understood',
    repair: undefined,
  },
  'manifest-columns': {
    means: 'what the database says of an image is not what its manifest says',
    repair: undefined,
  },
  'manifest-layers': {
    means:
      'the layers that the database has for an image are not those of its manifest: the collector may take one away',
    repair: undefined,
  },
  'manifest-children': {
    means: 'the images that the database has for an index are not those of its manifest: one of them may be deleted',
    repair: undefined,
  },
  'deleted-image': {
    means: 'a deleted image could not be restored',
    repair: undefined,
  },
  'image-count': {
    means: 'a repository counts its images wrongly: its limit is off',
    repair: 'counts again',
  },
  'tagged-mark': {
    means: 'an image is listed as tagged though it is not, or the other way round',
    repair: 'looks at the tags again',
  },
  'referenced-mark': {
    means: 'the collector takes a layer for needed though no image names it, or the other way round',
    repair: 'looks at the images again',
  },
  'event-unreadable': {
    means: 'an event of a change, on its way to the audit log, can not be read: nobody is told of it',
    repair: 'removes the event',
  },
  'document-unreadable': {
    means: 'a text can not be understood; a policy then allows nothing: set it again',
    repair: undefined,
  },
  'gallery-entry': {
    means: 'the gallery shows a public repository wrongly, not at all, or though it holds no image',
    repair: 'makes what the gallery knows anew, from the repository',
  },
  'registry-alias': {
    means: 'a public registry has not one alias that it was given and one that addresses are printed with',
    repair: undefined,
  },
  'identity-row': {
    means: 'what is kept of a user, a group, a role, a policy or a key contradicts itself: set it again',
    repair: undefined,
  },
  'logo-missing': {
    means: 'the logo that a public repository shows is gone: set it again',
    repair: undefined,
  },
  'logo-content': {
    means: 'the logo that a public repository shows is damaged: set it again',
    repair: undefined,
  },
  'logo-unowned': {
    means: 'no public repository shows the logo: a running server removes it within two hours',
    repair: undefined,
  },
} as const satisfies Readonly<Record<string, Kind>>

export type FindingKind = keyof typeof findingKinds
