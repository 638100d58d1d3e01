//! Convolutional autoencoders on images.
