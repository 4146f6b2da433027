declare module '@prefresh/core'
