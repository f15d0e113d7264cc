declare module "nbt:shared" {
  /** The modules that rooms loaded on demand are given; made by build.mjs. */
  const shared: object;
  export default shared;
}
