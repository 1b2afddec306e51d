// The value of the slider over the test images in words. tick: its number; images: number, class and title of each
return images.data.title[tick] ?? ''
