export {
  type Cross,
  type FeatureOptions,
  type FeatureSpace,
  type FeatureSpaceOptions,
  type FeatureSpaceSettings,
  featureSpace,
} from './feature_space.js';
