// Thumbnails, and why one does not come.

/** @param {{api: object, path: string}} options  `path` of the images below /api/v1 */
export function createPictures({ api, path }) {
  return {
    pictureOf: ({ id }) => `/api/v1${path}/${id}/thumbnail`,
    /** An `<img>` does not say what the server answered. @returns {Promise<string|null>} null: it came this time */
    async pictureProblem({ id }) {
      try {
        await api.get(`${path}/${id}/thumbnail`);
        return null;
      } catch (error) {
        return error.message;
      }
    },
  };
}
